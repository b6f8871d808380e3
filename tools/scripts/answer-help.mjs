// Answers --help from a text, so that nothing has to be installed or built for it. A test of tools/stack-tests keeps the texts true.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Ends the process with the help of a script if that is all that it was asked for. */
export function answerHelp(script) {
  const args = process.argv.slice(2);
  if (args.length !== 1 || (args[0] !== '--help' && args[0] !== '-h')) return;
  process.stdout.write(readFileSync(join(dirname(fileURLToPath(import.meta.url)), 'help', `${script}.txt`), 'utf8'));
  process.exit(0);
}
