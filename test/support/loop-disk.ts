import { mkdir } from 'node:fs/promises';
import { runOk } from './command.ts';

/** An ext4 of its own in a file, so that a test can have what was on the disk at one moment: a power cut. */
export class LoopDisk {
  readonly #image: string;
  readonly #mountPoint: string;

  private constructor(image: string, mountPoint: string) {
    this.#image = image;
    this.#mountPoint = mountPoint;
  }

  /** @param image path of a file to be made */
  static async mount(image: string, mountPoint: string): Promise<LoopDisk> {
    await mkdir(mountPoint, { recursive: true, mode: 0o700 });
    await runOk('truncate', ['-s', '1G', image]);
    await runOk('mkfs.ext4', ['-q', '-F', image]);
    await runOk('mount', ['-o', 'loop', image, mountPoint]);
    return new LoopDisk(image, mountPoint);
  }

  /** Takes what is on the disk now, written back or not; nobody may write meanwhile. */
  async photograph(): Promise<void> {
    await runOk('cp', ['--sparse=always', this.#image, `${this.#image}.cut`]);
  }

  /** Puts the photograph in the disk's place, as the machine finds it when the power is back. */
  async powerOn(): Promise<void> {
    await this.unmount();
    await runOk('mv', [`${this.#image}.cut`, this.#image]);
    await runOk('mount', ['-o', 'loop', this.#image, this.#mountPoint]);
  }

  async unmount(): Promise<void> {
    await runOk('umount', ['-l', this.#mountPoint]);
  }
}
