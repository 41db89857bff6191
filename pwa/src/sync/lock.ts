/** Long enough for a whole request; a tab that holds a lock longer is frozen. */
const patience = 40_000

/**
 * Runs work while no other tab of this person does, if the browser can tell.
 * A frozen tab may hold the lock for ever, so nobody waits for ever: two
 * senders at once are wasteful, never wrong.
 */
export async function alone<T>(
  locks: LockManager | undefined,
  name: string,
  work: () => Promise<T>,
): Promise<T> {
  if (!locks) return work()
  const waiting = new AbortController()
  const timer = setTimeout(() => waiting.abort(), patience)
  const state = { entered: false }
  try {
    return await locks.request(name, { signal: waiting.signal }, () => {
      state.entered = true
      clearTimeout(timer)
      return work()
    })
  } catch (fault) {
    if (state.entered) throw fault
    return work()
  }
}
