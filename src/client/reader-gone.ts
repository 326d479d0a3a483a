/** Output that nobody on our side takes any longer: the connection is none the worse for it. */
import { StatusError } from '../lib/status-error.ts';

export class ReaderGone extends StatusError {
  constructor() {
    super('ServiceUnavailable', 'the reader of the output is gone');
  }
}
