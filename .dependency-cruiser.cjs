/** The floors of the house: imports go down, never up or in a circle. */
/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Modules that need each other are one module, or lack a third one below both.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'ctap-stands-alone',
      comment: 'ctap/ is bytes and values: it knows neither the key nor its clients.',
      severity: 'error',
      from: { path: '^ctap/' },
      to: { path: '^(emulator|harness|test|scripts)/' },
    },
    {
      name: 'ctap-runs-in-a-browser',
      comment: 'ctap/ has no I/O, so no module of Node.',
      severity: 'error',
      from: { path: '^ctap/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'emulator-on-ctap',
      comment: 'The key does not know who drives it.',
      severity: 'error',
      from: { path: '^emulator/' },
      to: { path: '^(harness|test|scripts)/' },
    },
    {
      name: 'harness-is-not-its-tests',
      severity: 'error',
      from: { path: '^harness/' },
      to: { path: '^(test|scripts)/' },
    },
    {
      name: 'clients-drive-any-key',
      comment: 'What drives a key must not lean on the virtual one.',
      severity: 'error',
      from: { path: '^harness/(client|webauthn)/' },
      to: { path: '^emulator/', reachable: true },
    },
    {
      name: 'everything-resolves',
      comment: 'An import that is not found cannot be judged.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'shipped-code-has-shipped-dependencies',
      comment: 'A devDependency is missing where the package is installed.',
      severity: 'error',
      from: { path: '^(ctap|emulator|harness)/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
