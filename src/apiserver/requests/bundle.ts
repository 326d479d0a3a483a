/** `POST /apis/eliot.run/v1alpha1/bundles`: the body is the bundle, streamed to the agent. */
import { bundleKind } from '../../api/kinds/bundle.ts';
import { StatusError } from '../../lib/status-error.ts';
import type { BundleReceiver } from '../bundles.ts';
import type { Exchange } from '../http/exchange.ts';
import { parseMediaType } from '../http/media-type.ts';
import { presentationOf, sendObject } from '../http/object-answer.ts';
import { readBoolean } from '../http/query.ts';
import { readDryRun } from '../write-context.ts';

const bundleTypes: ReadonlySet<string> = new Set(['application/x-tar', 'application/octet-stream']);

/** Query: `dryRun=All`, `force=true`. @throws StatusError UnsupportedMediaType for another content type; else the receiver's */
export async function handleBundle(receiver: BundleReceiver, exchange: Exchange): Promise<void> {
  const { request, query, user, signal } = exchange;
  // What cannot be answered must not be done.
  presentationOf(exchange);
  const dryRun = readDryRun(exchange, 'CreateOptions');
  const force = readBoolean(query, 'force') ?? false;
  const { type } = parseMediaType(request.headers['content-type'] ?? '');
  if (!bundleTypes.has(type)) {
    throw new StatusError(
      'UnsupportedMediaType',
      `a bundle is made of its file, sent as application/x-tar, not as "${type}": use "eli bundle apply"`,
    );
  }
  const bundle = await receiver.receive(request, { user, dryRun, force }, signal);
  await sendObject(exchange, bundleKind, bundle, 201);
}
