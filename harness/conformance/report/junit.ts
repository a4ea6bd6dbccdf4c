/** A run as JUnit XML, in the form that CI systems agree on: suites by command, a case for each check. */
import { byGroup, type CheckResult, type Run } from '../result.ts';

/** The document, with its declaration. */
export function junitXml(run: Run): string {
  const suites = [...byGroup(run.results)].map(([name, results]) => suite(run, name, results));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: `${run.program}: ${run.key.product}`, ...totals(run.results) })}>`,
    ...suites,
    '</testsuites>',
    '',
  ].join('\n');
}

function suite(run: Run, name: string, results: readonly CheckResult[]): string {
  const { device, product, aaguid, firmwareVersion } = run.key;
  const properties = { device, product, aaguid, firmwareVersion, complete: run.complete };
  const shown = Object.entries(properties).filter(([, value]) => value !== null);
  // surefire's and Jenkins' schemas want a time without zone
  const timestamp = run.startedAt.replace(/\.\d+Z$/, '');
  return [
    `  <testsuite${attributes({ name, ...totals(results), timestamp, hostname: 'localhost' })}>`,
    '    <properties>',
    ...shown.map(([property, value]) => `      <property${attributes({ name: property, value: String(value) })}/>`),
    '    </properties>',
    ...results.map((result) => testCase(name, result)),
    '  </testsuite>',
  ].join('\n');
}

function testCase(group: string, result: CheckResult): string {
  const { id, section, statement, outcome, reason = '', milliseconds } = result;
  const open = `    <testcase${attributes({ name: id, classname: group, time: seconds(milliseconds) })}`;
  const body = caseBody(result);
  if (body === undefined) return `${open}/>`;
  const [element, attribute, content] = body;
  const text = content ? escapeXml(`${section}: ${statement}\n${outcome}: ${reason}`) : undefined;
  const inner = `<${element}${attributes(attribute)}${text === undefined ? '/>' : `>${text}</${element}>`}`;
  return `${open}>\n      ${inner}\n    </testcase>`;
}

type CaseBody = readonly [element: string, attributes: Record<string, string>, content: boolean];

function caseBody({ outcome, reason = '', section }: CheckResult): CaseBody | undefined {
  switch (outcome) {
    case 'passed':
      return undefined;
    case 'failed':
      return ['failure', { message: reason, type: section }, true];
    case 'warning': // what should hold does not fail a build
      return ['system-out', {}, true];
    case 'not-applicable':
      return ['skipped', { message: `not applicable: ${reason}` }, false];
    case 'not-run':
      return ['skipped', { message: `not run: ${reason}` }, false];
  }
}

function totals(results: readonly CheckResult[]): Record<string, string> {
  const count = (...outcomes: readonly string[]) =>
    String(results.filter(({ outcome }) => outcomes.includes(outcome)).length);
  return {
    tests: String(results.length),
    failures: count('failed'),
    errors: '0',
    skipped: count('not-applicable', 'not-run'),
    time: seconds(results.reduce((sum, { milliseconds }) => sum + milliseconds, 0)),
  };
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(4);
}

function attributes(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(value)}"`)
    .join('');
}

/** Text of any origin as XML 1.0 can carry it: what it has no place for becomes U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>"'\t\n\r]/g, (character) => ENTITIES[character] ?? character);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};
