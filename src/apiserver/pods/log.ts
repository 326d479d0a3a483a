/** GET pods/NAME/log: a container's lines, as they come. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { Exchange } from '../http/exchange.ts';
import { readText } from '../http/query.ts';
import { writeWithPressure } from '../http/write-with-pressure.ts';
import type { PodStreams } from '../pod-streams.ts';
import { chooseContainer } from './choose-container.ts';
import { parseLogOptions } from './log-options.ts';

/** Answers with the log; headers go out at once, so that a follower sees that it is connected. */
export async function handleLog(podStreams: PodStreams, exchange: Exchange, pod: Pod): Promise<void> {
  const { query, response, signal } = exchange;
  const options = parseLogOptions(query);
  const container = chooseContainer(pod, readText(query, 'container'));
  const { name = '', namespace = '', uid = '' } = pod.metadata;
  const lines = await podStreams.log({ namespace, pod: name, uid, container }, options, signal);
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-cache, private' });
  response.flushHeaders();
  try {
    for await (const chunk of lines) await writeWithPressure(response, chunk, exchange);
    response.end();
  } finally {
    lines.destroy();
  }
}
