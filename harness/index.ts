/** harness/: the host side. Clients that drive any key, and the transports that reach one. */

export * from './client/config.ts';
export * from './client/ctap-hid.ts';
export * from './client/ctap1.ts';
export * from './client/ctap2.ts';
export * from './client/device.ts';
export * from './client/fingerprints.ts';
export * from './client/large-blobs.ts';
export * from './client/passkeys.ts';
export * from './client/pin.ts';
export * from './client/pin-uv-auth-token.ts';
export * from './client/protocol-error.ts';
export * from './transports/connection.ts';
export * from './transports/discovery.ts';
export * from './transports/hidraw.ts';
export * from './transports/in-process.ts';
export * from './transports/udp.ts';
export * from './webauthn/index.ts';
