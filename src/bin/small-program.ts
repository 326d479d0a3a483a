/**
 * The verbs that are typed most and must answer soonest. They have a bundle of their own with no other command in it
 * (docs/adr/0016): V8 takes in all of a bundle's functions, used or not.
 */

/** Each is the name of its command in `src/cli/commands/` as well. */
export const smallVerbs: readonly string[] = ['get', 'version'];
