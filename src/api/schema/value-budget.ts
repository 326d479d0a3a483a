/** Counts the values of a document while it is read, so that a small body cannot take all memory. */
import { maxDocumentValues } from '../../lib/document-bounds.ts';
import { StatusError } from '../../lib/status-error.ts';

export class ValueBudget {
  #left = maxDocumentValues;

  /** @throws StatusError `RequestEntityTooLarge` when the document holds more than `maxDocumentValues` */
  take(count = 1): void {
    this.#left -= count;
    if (this.#left < 0) {
      throw new StatusError(
        'RequestEntityTooLarge',
        `Request entity too large: more than ${maxDocumentValues} values in one object`,
      );
    }
  }
}
