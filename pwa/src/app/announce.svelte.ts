/** Short messages: shown for a while, read aloud at once, with an undo when there is something to undo. */
export interface Toast {
  id: number
  text: string
  tone: 'plain' | 'error'
  undo?: () => void
}

const shownFor = 6000

class Toasts {
  list = $state.raw<Toast[]>([])
  #next = 1

  show(
    text: string,
    { undo, tone = 'plain', lasts }: { undo?: () => void; tone?: Toast['tone']; lasts?: number } = {},
  ): void {
    const id = this.#next++
    this.list = [...this.list.slice(-1), { id, text, tone, ...(undo && { undo }) }]
    setTimeout(() => this.drop(id), lasts ?? (undo ? shownFor * 1.5 : shownFor))
  }

  drop(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id)
  }
}

export const toasts = new Toasts()

/** toast('Devoir retiré', { undo }) */
export const toast = toasts.show.bind(toasts)
