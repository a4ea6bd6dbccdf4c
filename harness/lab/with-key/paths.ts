/** Where a site's server keeps what brings a key into its pages. */
export const KEY_PATH = '/lab-key';
