const { default: Sequencer } = require('@jest/test-sequencer');

// A fresh checkout has no record of how long its test files take. Those under tools/ start whole stacks and take minutes, so they go
// first: otherwise one of them would run alone at the end.
module.exports = class LongTestsFirst extends Sequencer {
  sort(tests) {
    const isLong = ({ path }) => Number(path.includes('/tools/'));
    return [...super.sort(tests)].sort((a, b) => isLong(b) - isLong(a));
  }
};
