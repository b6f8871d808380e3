// Lints pieces of code as if they stood at the given paths, with the workspace's own rules, and prints what was found.
// A process of its own, because Jest cannot load an ES module configuration.
// in:  [{ path, code, tags? }] as JSON on stdin; `tags` gives a project other tags for this piece: { project: [tag] }
// out: [[{ rule, message }]], one list for each piece
import { createProjectGraphAsync } from '@nx/devkit';
import devkitInternal from '@nx/devkit/internal';
import jsInternal from '@nx/js/internal';
import { ESLint } from 'eslint';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import tseslint from 'typescript-eslint';

const { createProjectRootMappings } = devkitInternal;
const { TargetProjectLocator } = jsInternal;

// The boundary rule reads the graph anew for each file unless it takes the process for ESLint's own command.
process.argv[1] = fileURLToPath(import.meta.resolve('eslint/package.json')).replace('package.json', 'bin/eslint.js');

const graph = await createProjectGraphAsync();
const eslint = new ESLint({
  // The pieces are no files of a TypeScript project, and no rule about boundaries needs types.
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
  // Without the real edges, which would turn some of the forbidden imports into circles first.
  const dependencies = Object.fromEntries(Object.keys(nodes).map((name) => [name, []]));
  globalThis.projectGraph = { ...graph, nodes, dependencies };
  globalThis.projectRootMappings = createProjectRootMappings(nodes);
  globalThis.projectFileMap = {};
  globalThis.targetProjectLocator = new TargetProjectLocator(nodes, graph.externalNodes);
}
