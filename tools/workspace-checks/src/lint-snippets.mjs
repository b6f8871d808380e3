// Lints snippets of code with the workspace's rules, as if they were files at the given paths, and prints the findings.
// It is a separate process, because Jest cannot load a configuration that is an ES module.
// in:  [{ path, code, tags? }] as JSON on stdin; `tags` overrides the tags of projects for this snippet: { project: [tag] }
// out: [[{ rule, message }]], one list per snippet
import { createProjectGraphAsync } from '@nx/devkit';
import devkitInternal from '@nx/devkit/internal';
import jsInternal from '@nx/js/internal';
import { ESLint } from 'eslint';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import tseslint from 'typescript-eslint';

const { createProjectRootMappings } = devkitInternal;
const { TargetProjectLocator } = jsInternal;

// The boundary rule reloads the graph for each file, unless the process looks like ESLint's own command.
process.argv[1] = fileURLToPath(import.meta.resolve('eslint/package.json')).replace('package.json', 'bin/eslint.js');

const graph = await createProjectGraphAsync();
const eslint = new ESLint({
  // The snippets are not part of a TypeScript project, and the boundary rules need no types.
  overrideConfig: [{ files: ['**/*.ts'], ...tseslint.configs.disableTypeChecked }],
});

const results = [];
for (const { path, code, tags } of JSON.parse(await text(process.stdin))) {
  useGraph(tags);
  const [result] = await eslint.lintText(code, { filePath: path });
  results.push(result.messages.map(({ ruleId, message }) => ({ rule: ruleId, message })));
}
process.stdout.write(JSON.stringify(results));

function useGraph(tags = {}) {
  const nodes = structuredClone(graph.nodes);
  for (const [project, given] of Object.entries(tags)) nodes[project].data.tags = given;
  // Without the real edges: with them, some forbidden imports would be reported as circles instead.
  const dependencies = Object.fromEntries(Object.keys(nodes).map((name) => [name, []]));
  globalThis.projectGraph = { ...graph, nodes, dependencies };
  globalThis.projectRootMappings = createProjectRootMappings(nodes);
  globalThis.projectFileMap = {};
  globalThis.targetProjectLocator = new TargetProjectLocator(nodes, graph.externalNodes);
}
