// Jest transformer: removes TypeScript's types the same way Node does when it runs the sources, so that
// tests execute exactly the code that production executes (positions are kept, no source map is needed).
const { stripTypeScriptTypes } = require('node:module');

module.exports = {
  process: (source) => ({ code: stripTypeScriptTypes(source, { mode: 'strip' }) }),
};
