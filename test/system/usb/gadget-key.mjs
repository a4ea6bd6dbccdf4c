/**
 * A virtual key as a USB device: dummy_hcd is a host controller and a gadget controller in one, f_hid carries reports,
 * so that all that goes between them travels over a USB bus. Prints "ready HIDRAW" once the host has its FIDO interface.
 *
 * Usage: gadget-key.mjs LOG [MODEL] -- LOG gets each report of the key, a line each; SIGHUP touches the key.
 */
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fidoReportDescriptor, formatLogLine, keyboardReportDescriptor } from 'ctaplab/ctap';
import {
  autoPresence,
  findModel,
  memoryStore,
  nodeCrypto,
  systemClock,
  systemRandom,
  VirtualKey,
} from 'ctaplab/emulator';

const [log, modelName = 'token2-r3'] = process.argv.slice(2);
const GADGET = '/sys/kernel/config/usb_gadget/ctaplab';
const FIDO = '06D0F1';

const key = await VirtualKey.open({
  environment: {
    clock: systemClock,
    random: systemRandom,
    crypto: nodeCrypto,
    store: memoryStore(),
    presence: autoPresence,
  },
  model: findModel(modelName),
});
closeSync(openSync(log, 'w'));
key.onTraffic((traffic) => appendFileSync(log, `${formatLogLine(traffic)}\n`));

/** A HID function of the gadget. */
function addFunction(name, descriptor, reportLength, [subclass, protocol]) {
  const folder = `${GADGET}/functions/hid.${name}`;
  mkdirSync(folder, { recursive: true });
  for (const [file, value] of Object.entries({ subclass, protocol, report_length: reportLength })) {
    writeFileSync(`${folder}/${file}`, String(value));
  }
  writeFileSync(`${folder}/report_desc`, descriptor);
  symlinkSync(folder, `${GADGET}/configs/c.1/hid.${name}`);
}

function plugInGadget({ vendorId, productId, version, manufacturer, product, serial }) {
  for (const folder of ['strings/0x409', 'configs/c.1']) mkdirSync(`${GADGET}/${folder}`, { recursive: true });
  const attributes = { idVendor: vendorId, idProduct: productId, bcdDevice: version };
  for (const [file, value] of Object.entries(attributes)) writeFileSync(`${GADGET}/${file}`, `0x${value.toString(16)}`);
  const strings = { manufacturer, product, serialnumber: serial };
  for (const [file, value] of Object.entries(strings)) writeFileSync(`${GADGET}/strings/0x409/${file}`, value);
  addFunction('fido', fidoReportDescriptor(), 64, [0, 0]);
  if (key.keyboard) addFunction('keyboard', keyboardReportDescriptor(), 8, [1, 1]);
  writeFileSync(`${GADGET}/UDC`, readdirSync('/sys/class/udc')[0]);
}

/** The gadget's end of a function: reports from the host to `receive`, and what sends reports to it, in their order. */
async function serve(path, reportLength, receive) {
  const file = await open(path, 'r+');
  const read = async () => {
    for (;;) {
      const { bytesRead, buffer } = await file.read(new Uint8Array(reportLength));
      if (bytesRead > 0) receive(buffer.subarray(0, bytesRead));
    }
  };
  void read();
  let last = Promise.resolve();
  return (report) => {
    last = last.then(() => file.write(report));
  };
}

async function hostNode() {
  for (;;) {
    for (const name of readdirSync('/sys/class/hidraw')) {
      const descriptor = readFileSync(`/sys/class/hidraw/${name}/device/report_descriptor`);
      if (descriptor.toString('hex').toUpperCase().startsWith(FIDO)) return `/dev/${name}`;
    }
    await sleep(50);
  }
}

plugInGadget(key.identity);
let plug;
const send = await serve('/dev/hidg0', 64, (report) => plug.receive(report));
plug = key.plugIn(send);
if (key.keyboard) {
  let keyboard;
  const type = await serve('/dev/hidg1', 1, (report) => keyboard.output(report));
  keyboard = key.keyboard.plugIn(type);
  process.on('SIGHUP', () => void key.touch());
}
console.log(`ready ${await hostNode()}`);
