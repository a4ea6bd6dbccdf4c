/** The HID report descriptor of a FIDO device: CTAP 2.3 §11.2.8.1. */

/** HID usage page and usage by which hosts find FIDO devices. */
export const FIDO_USAGE_PAGE = 0xf1d0;
export const FIDO_USAGE_CTAPHID = 0x01;

// biome-ignore format: one HID item a line
const FIDO_REPORT_DESCRIPTOR = [
  0x06, 0xd0, 0xf1, // usage page: FIDO
  0x09, 0x01, //       usage: CTAPHID
  0xa1, 0x01, //       collection: application
  0x09, 0x20, //         usage: data in
  0x15, 0x00, //         logical minimum 0
  0x26, 0xff, 0x00, //   logical maximum 255
  0x75, 0x08, //         report size: 8 bits
  0x95, 0x40, //         report count: 64
  0x81, 0x02, //         input: data, variable, absolute
  0x09, 0x21, //         usage: data out
  0x15, 0x00, //         logical minimum 0
  0x26, 0xff, 0x00, //   logical maximum 255
  0x75, 0x08, //         report size: 8 bits
  0x95, 0x40, //         report count: 64
  0x91, 0x02, //         output: data, variable, absolute
  0xc0, //             end of collection
];

/** A fresh copy of the 34 bytes: one 64-byte input and one 64-byte output report, neither with a report id. */
export function fidoReportDescriptor(): Uint8Array {
  return Uint8Array.from(FIDO_REPORT_DESCRIPTOR);
}
