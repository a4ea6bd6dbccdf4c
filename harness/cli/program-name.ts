/** How the user can call this program again: npm's scripts and npx do not put it on the PATH. */
export const PROGRAM = process.env.npm_execpath === undefined ? 'ctaplab' : 'npx ctaplab';
