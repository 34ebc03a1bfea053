/** The Node that workers need: type stripping and `node:sqlite` came with it. */
export const MINIMUM_NODE = [22, 18] as const

/** @param version such as `24.1.0` */
export function isEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [wantedMajor, wantedMinor] = MINIMUM_NODE
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
}
