/** Swipes to the side over an element: 1 is forward. Returns what stops it. */
export function swipes(node: HTMLElement, turn: (by: 1 | -1) => void): () => void {
  let begun: { x: number; y: number } | undefined

  function began(event: TouchEvent): void {
    const touch = event.touches.length === 1 ? event.touches[0] : undefined
    begun = touch && { x: touch.clientX, y: touch.clientY }
  }

  function ended(event: TouchEvent): void {
    const touch = event.changedTouches[0]
    if (!begun || !touch) return
    const [dx, dy] = [touch.clientX - begun.x, touch.clientY - begun.y]
    begun = undefined
    if (Math.abs(dx) > 60 && Math.abs(dx) > 2 * Math.abs(dy)) turn(dx < 0 ? 1 : -1)
  }

  node.addEventListener('touchstart', began, { passive: true })
  node.addEventListener('touchend', ended, { passive: true })
  return () => {
    node.removeEventListener('touchstart', began)
    node.removeEventListener('touchend', ended)
  }
}
