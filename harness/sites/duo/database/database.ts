/** The service's database: SQLite in one file, every answered change on the disk. */
import Libsql from 'libsql';
import { MIGRATIONS } from './migrations.ts';

/** What a column can hold. Booleans are 0 and 1, times milliseconds since 1970, lists JSON. */
export type Column = string | number | null | Uint8Array;

/** A prepared statement. Values go in as one list: libsql takes a lone object for named parameters. */
interface Statement {
  get(values: readonly Column[]): unknown;
  all(values: readonly Column[]): unknown[];
  run(values: readonly Column[]): { readonly changes: number };
}

interface Work {
  readonly run: () => () => void;
  readonly reject: (error: unknown) => void;
}

const BUSY_TIMEOUT_MS = 5000;
/** Enough for the indexes of a hundred thousand users. */
const CACHE_KIB = 64 * 1024;

/**
 * One connection. Reads are immediate. Changes go through {@link write}: all that are asked for in one turn of the
 * event loop share a transaction, so that a busy service waits for the disk once, not once for each of them.
 */
export class Database {
  readonly #connection: InstanceType<typeof Libsql>;
  readonly #statements = new Map<string, Statement>();
  #queue: Work[] = [];
  #writing = false;

  private constructor(connection: InstanceType<typeof Libsql>) {
    this.#connection = connection;
  }

  /** Opens (and creates, and migrates) the file; `:memory:` lives as long as the process. */
  static open(path: string): Database {
    const connection = new Libsql(path);
    connection.pragma('journal_mode = WAL');
    // FULL: a commit returns after the write-ahead log is on the disk (sqlite.org/pragma.html#pragma_synchronous).
    connection.pragma('synchronous = FULL');
    connection.pragma('foreign_keys = ON');
    connection.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
    connection.pragma(`cache_size = -${CACHE_KIB}`);
    const database = new Database(connection);
    database.#migrate();
    return database;
  }

  /** The first row, or undefined. */
  one<Row>(sql: string, ...values: Column[]): Row | undefined {
    return (this.#prepare(sql).get(bindable(values)) as Row | null | undefined) ?? undefined;
  }

  all<Row>(sql: string, ...values: Column[]): Row[] {
    return this.#prepare(sql)
      .all(bindable(values))
      .map((row) => readable(row as object) as Row);
  }

  /** Changes rows; only within {@link write}. Returns how many were changed. */
  run(sql: string, ...values: Column[]): number {
    if (!this.#writing) throw new Error(`expected a change within write(), got ${JSON.stringify(sql)} outside of it`);
    return this.#prepare(sql).run(bindable(values)).changes;
  }

  /**
   * Runs `work` as a whole or not at all and resolves to its result once that is on the disk. `work` must not wait
   * for anything: what it reads cannot change before it writes.
   */
  write<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const run = () => {
        const result = work();
        return () => resolve(result);
      };
      this.#queue.push({ run, reject });
      if (this.#queue.length === 1) setImmediate(() => this.#commit());
    });
  }

  /** Writes what is still waiting and closes the file. */
  close(): void {
    this.#commit();
    if (this.#connection.open) this.#connection.close();
  }

  #commit(): void {
    const works = this.#queue;
    if (works.length === 0) return;
    this.#queue = [];
    const answers: (() => void)[] = [];
    try {
      this.#transaction(() => {
        for (const work of works) answers.push(this.#attempt(work));
      });
    } catch (error) {
      for (const { reject } of works) reject(error);
      return;
    }
    for (const answer of answers) answer();
  }

  /** Runs one of several works: where it throws, it alone is undone. */
  #attempt({ run, reject }: Work): () => void {
    this.#prepare('SAVEPOINT work').run([]);
    try {
      const answer = run();
      this.#prepare('RELEASE work').run([]);
      return answer;
    } catch (error) {
      this.#prepare('ROLLBACK TO work').run([]);
      this.#prepare('RELEASE work').run([]);
      return () => reject(error);
    }
  }

  #transaction(work: () => void): void {
    this.#connection.exec('BEGIN IMMEDIATE');
    this.#writing = true;
    try {
      work();
      this.#connection.exec('COMMIT');
    } catch (error) {
      if (this.#connection.inTransaction) this.#connection.exec('ROLLBACK');
      throw error;
    } finally {
      this.#writing = false;
    }
  }

  #prepare(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#connection.prepare<[readonly Column[]]>(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #migrate(): void {
    const version = () => this.one<{ user_version: number }>('PRAGMA user_version')?.user_version ?? 0;
    if (version() > MIGRATIONS.length) {
      throw new Error(`expected a database of version ${MIGRATIONS.length} or older, got version ${version()}`);
    }
    for (let next = version(); next < MIGRATIONS.length; next++) {
      this.#transaction(() => {
        this.#connection.exec(MIGRATIONS[next]!);
        this.#connection.exec(`PRAGMA user_version = ${next + 1}`);
      });
    }
  }
}

// Text ends at a NUL on its way to SQLite: without this, a name with one would find what another name means.
function bindable(values: readonly Column[]): Column[] {
  return values.map((value) =>
    typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\ufffd') : value,
  );
}

// BLOBs come as Buffer from one method and as ArrayBuffer from the other; the row is ours to change.
function readable(row: object): object {
  const columns = row as Record<string, unknown>;
  for (const name in columns) {
    const value = columns[name];
    if (value instanceof ArrayBuffer) columns[name] = new Uint8Array(value);
  }
  return row;
}
