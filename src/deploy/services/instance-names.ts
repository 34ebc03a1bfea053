/** `20261124103000-2` of `shop-worker@20261124103000-2.service`. */
export function instanceIn(unit: string): string {
  return unit.slice(unit.indexOf('@') + 1, unit.lastIndexOf('.'))
}

/** `20261124103000` of `shop-worker@20261124103000-2.service`. */
export function releaseIn(unit: string): string {
  return instanceIn(unit).replace(/-\d+$/, '')
}

/** The first instances of a release that are not taken: `20261124103000-1` is the first process. */
export function freeInstances(release: string, count: number, taken: readonly string[]): string[] {
  const numbers = Array.from({ length: count + taken.length }, (_, index) => index + 1)
  return numbers
    .map((number) => `${release}-${number}`)
    .filter((instance) => !taken.includes(instance))
    .slice(0, count)
}
