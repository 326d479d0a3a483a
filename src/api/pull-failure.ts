/** Why an image could not be fetched, as the first cause of a Status says it (Eliot's own words). */

/**
 * `RegistryUnreachable`: nothing answered; `LoginRefused`: the registry does not let us; `NoSpaceLeft`: the device's disk is full;
 * `CertificateNotValidNow`: by the clock of the device, which may be wrong; `PullFailed`: something else.
 */
export type PullFailure =
  | 'RegistryUnreachable'
  | 'LoginRefused'
  | 'NoSpaceLeft'
  | 'CertificateNotValidNow'
  | 'PullFailed';
