/** emulator/: the virtual security key and the ways to plug it in. */
export * from './attestation/authority.ts';
export * from './attestation/identity.ts';
export * from './card.ts';
export * from './clock.ts';
export * from './crypto-node.ts';
export * from './environment.ts';
export * from './exchange.ts';
export * from './key.ts';
export * from './keyboard.ts';
export * from './models/index.ts';
export * from './presence.ts';
export * from './random.ts';
export * from './store/lmdb.ts';
export * from './store/memory.ts';
export * from './transports/attachment.ts';
export * from './transports/udp.ts';
export * from './transports/uhid.ts';
