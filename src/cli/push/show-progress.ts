/** A push as a person sees it, while it goes on and afterwards. */
import { humanSize } from '../../lib/human-size.ts';
import type { Activity } from '../terminal/activity.ts';
import type { PushProgress, PushResult } from './push-image.ts';

/** What draws the progress of a push. */
export function showOn(activity: Pick<Activity, 'show' | 'showBytes'>, name: string): (progress: PushProgress) => void {
  return (progress) => {
    switch (progress.phase) {
      case 'Reading':
        return activity.showBytes(`Reading ${name}`, progress.doneBytes);
      case 'Asking':
        return activity.show(`Pushing ${name}: the device looks for what it has`);
      case 'Sending': {
        return activity.showBytes(`Pushing ${name}`, progress.doneBytes, progress.totalBytes);
      }
      case 'Waiting':
        return activity.show(`Pushing ${name}: waiting for the device (${progress.because})`);
    }
  };
}

/** `1.2MB of 101MB sent`. */
export function describePush({ sentBytes, imageBytes, newLayerBytes }: PushResult): string {
  if (newLayerBytes === 0) return 'all of it was there';
  return `${humanSize(sentBytes)} of ${humanSize(imageBytes)} sent`;
}
