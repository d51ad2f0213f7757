/**
 * The arithmetic of linear hashing (Litwin 1980): with `buckets` buckets, those that have been split in this round
 * are told apart by one hash bit more than the others.
 */

/** All ones up to the highest bucket number. */
export function maskFor(buckets: number): number {
  return buckets <= 1 ? 0 : (1 << (32 - Math.clz32(buckets - 1))) - 1;
}

/** The bucket of a hash (not negative). */
export function bucketFor(hash: number, buckets: number): number {
  const mask = maskFor(buckets);
  const bucket = hash & mask;
  return bucket < buckets ? bucket : bucket & (mask >>> 1);
}

/** The bucket that bucket number `added` is split from, and joins again when it goes. */
export function siblingOf(added: number): number {
  return added & (maskFor(added + 1) >>> 1);
}
