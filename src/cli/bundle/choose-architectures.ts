/** For which architectures a bundle is. Pure. */
import { UsageError } from '../usage-error.ts';

interface Image {
  readonly name: string;
  readonly platforms: readonly { readonly architecture: string }[];
}

/**
 * @param asked as typed, with commas between; undefined: those that every image has
 * @returns in OCI's words, sorted; none when there is no image
 * @throws UsageError when an image lacks one that was asked for, or they have none in common
 */
export function chooseArchitectures(images: readonly Image[], asked: string | undefined): readonly string[] {
  const architecturesOf = ({ platforms }: Image): readonly string[] =>
    platforms.map(({ architecture }) => architecture);
  if (asked !== undefined) {
    const wanted = [...new Set(asked.split(',').map(inOciWords))].sort();
    for (const image of images) {
      const missing = wanted.filter((architecture) => !architecturesOf(image).includes(architecture));
      if (missing.length === 0) continue;
      throw new UsageError(
        `${image.name} is not there for ${missing.join(', ')}, only for ${architecturesOf(image).join(', ')}`,
        'give an archive of it for each architecture with --image-archive, or ask for fewer with --arch',
      );
    }
    return wanted;
  }
  if (images.length === 0) return [];
  const [first, ...others] = images.map(architecturesOf);
  const common = (first ?? []).filter((each) => each !== '' && others.every((other) => other.includes(each)));
  if (common.length > 0) return [...new Set(common)].sort();
  const all = images.map((image) => `${image.name}: ${architecturesOf(image).join(', ') || 'none'}`).join('; ');
  throw new UsageError(`the images have no architecture in common (${all})`);
}

function inOciWords(architecture: string): string {
  const word = architecture.trim().replace(/^linux\//, '');
  const other: Readonly<Record<string, string>> = { aarch64: 'arm64', x64: 'amd64', x86_64: 'amd64', armhf: 'arm' };
  const known = other[word] ?? word;
  if (/^[a-z0-9]+$/.test(known)) return known;
  throw new UsageError(`"${architecture}" is no architecture`, 'for example: --arch arm64,amd64');
}
