/**
 * Logging as the program sees it: a constant lower-case message, then fields.
 *
 * `error` = a person must act; `warn` = we retry and it matters; `info` = state
 * changed; `debug` = why. Objects are named `pod: 'default/web'`. A failure is
 * logged once, where its journey ends.
 */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** The same log with `fields` on every line. */
  child(fields: LogFields): Logger;
}

/** A log that drops everything, for tests and for programs that asked for silence. */
export const silentLogger: Logger = {
  error: () => {},
  warn: () => {},
  info: () => {},
  debug: () => {},
  child: () => silentLogger,
};
