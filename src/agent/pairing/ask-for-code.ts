/** `eliotd pair`: asks the eliotd that runs for a code, over its socket, and says how to use it. */
import { request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { type CodeAnswer, type CodeRequest, codePath } from '../../api/pairing/exchange.ts';
import { StatusError } from '../../lib/status-error.ts';

/** The daemon answers from memory; a device that starts everything at once may need seconds. */
const answerTimeoutMs = 30_000;

/**
 * Opens a code.
 *
 * @param socketPath of the eliotd that runs
 * @throws StatusError with one sentence for a person: no eliotd runs, this is not root, pairing is locked
 */
export async function askForCode(socketPath: string, request: CodeRequest, signal: AbortSignal): Promise<CodeAnswer> {
  const { statusCode, body } = await post(socketPath, JSON.stringify(request), signal);
  const answer = JSON.parse(body) as CodeAnswer & { readonly message?: string };
  if (statusCode === 200) return answer;
  throw new StatusError('InternalError', answer.message ?? `eliotd answered ${statusCode}`);
}

async function post(
  socketPath: string,
  body: string,
  signal: AbortSignal,
): Promise<{ readonly statusCode: number; readonly body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ statusCode: number; body: string }>();
  const outgoing = httpRequest({
    socketPath,
    path: codePath,
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    signal: AbortSignal.any([signal, AbortSignal.timeout(answerTimeoutMs)]),
  });
  outgoing.on('response', (response) => {
    text(response).then((received) => resolve({ statusCode: response.statusCode ?? 0, body: received }), reject);
  });
  outgoing.on('error', (cause) => reject(signal.aborted ? signal.reason : unreachable(socketPath, cause)));
  outgoing.end(body);
  return await promise;
}

function unreachable(socketPath: string, cause: NodeJS.ErrnoException): StatusError {
  switch (cause.code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return new StatusError(
        'ServiceUnavailable',
        `no eliotd runs here (${socketPath}); start it, or name its --run-dir`,
        { cause },
      );
    case 'EACCES':
      return new StatusError('Forbidden', `only root may pair somebody (${socketPath}): run the command with sudo`, {
        cause,
      });
    default:
      return new StatusError('ServiceUnavailable', `eliotd does not answer at ${socketPath}: ${cause.message}`, {
        cause,
      });
  }
}

/** What a person reads: the code, and what to type where. */
export function describeCode({ code, expiresInSeconds, nodeName, groups, addresses }: CodeAnswer): string {
  const byAddress = addresses.slice(0, 3).map((address) => `  eli pair ${address} ${code}\n`);
  return `Pairing code: ${code}   (${expiresInSeconds / 60} minutes, for one person in ${groups.join(', ')})

On your computer:
  eli pair ${nodeName} ${code}
${byAddress.length === 0 ? '' : `or, if it does not find the device by name:\n${byAddress.join('')}`}`;
}
