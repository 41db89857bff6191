/** Seconds left until a moment, ticking. Make it while a component starts. */
export function countdown(until: () => number): { readonly left: number } {
  let now = $state(Date.now())
  $effect(() => {
    const timer = setInterval(() => (now = Date.now()), 500)
    return () => clearInterval(timer)
  })
  return {
    get left() {
      return Math.max(0, (until() - now) / 1000)
    },
  }
}
