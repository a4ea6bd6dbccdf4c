/** How the origin of a document is written that has none of its own: in a sandbox, of a data: address (HTML §7.1.1). */
export const OPAQUE = 'null';
