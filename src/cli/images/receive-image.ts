/** An image of the device as an archive. */
import type { CommandContext } from '../context.ts';
import type { Activity } from '../terminal/activity.ts';
import { UsageError } from '../usage-error.ts';

/**
 * The archive as it comes: an OCI layout that is `docker save`'s form as well.
 *
 * @param objectName of its Image
 * @param text what the activity says meanwhile
 * @throws UsageError when it ends before its end
 */
export async function* receiveImage(
  objectName: string,
  text: string,
  activity: Activity,
  context: CommandContext,
): AsyncGenerator<Buffer> {
  const { rest } = await context.session();
  const response = await rest.stream({
    path: `/apis/eliot.run/v1alpha1/images/${objectName}/archive`,
    accept: 'application/x-tar, application/json',
    signal: context.signal,
  });
  const totalBytes = Number(response.headers['content-length']);
  let doneBytes = 0;
  try {
    for await (const piece of response as AsyncIterable<Buffer>) {
      doneBytes += piece.length;
      activity.showBytes(text, doneBytes, totalBytes);
      yield piece;
    }
  } catch (error) {
    context.signal.throwIfAborted();
    throw new UsageError(
      `the archive ended after ${doneBytes} of ${totalBytes} bytes: ${error instanceof Error ? error.message : error}`,
      'was the image removed, or the connection lost? Try again',
      { cause: error },
    );
  } finally {
    response.destroy();
  }
}
