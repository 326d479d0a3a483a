/** The daemon's log: one JSON line a message on a file descriptor, by pino. */
import { destination, type Logger as Pino, pino } from 'pino';
import type { LogFields, Logger } from './logger.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/**
 * @param fd file descriptor, written synchronously: a line is out before the next statement runs,
 *   so that nothing is lost when the process is killed
 */
export function createJsonLogger(level: LogLevel, fd: number): Logger {
  const options = {
    level,
    base: null,
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    messageKey: 'message',
  };
  const output = destination({ fd, sync: true });
  // A full disk, or a reader that went away, costs lines of the log; it must not cost the daemon.
  output.on('error', () => {});
  return wrap(pino(options, output));
}

function wrap(log: Pino): Logger {
  return {
    error: (message, fields) => log.error(printable(fields), message),
    warn: (message, fields) => log.warn(printable(fields), message),
    info: (message, fields) => log.info(printable(fields), message),
    debug: (message, fields) => log.debug(printable(fields), message),
    child: (fields) => wrap(log.child(printable(fields))),
  };
}

/** Errors are objects without enumerable fields: their message and causes are said in one string. */
function printable(fields: LogFields = {}): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, value instanceof Error ? describeError(value) : value]),
  );
}

/** `message: message of its cause: …`, at most five deep. */
export function describeError(error: unknown): string {
  const messages: string[] = [];
  let current: unknown = error;
  while (current !== undefined && messages.length < 5) {
    messages.push(current instanceof Error ? current.message : String(current));
    current = current instanceof Error ? current.cause : undefined;
  }
  return messages.join(': ');
}
