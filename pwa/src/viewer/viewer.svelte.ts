/** What is looked at, over any screen: one list of files and the place in it. */
import type { Component } from 'svelte'
import { router } from '../app/router.svelte'
import type { Viewed } from './viewed.ts'

class Viewer {
  /** Arrives with the first file that somebody looks at. */
  View = $state.raw<Component | undefined>(undefined)
  files = $state.raw<readonly Viewed[]>([])
  index = $state(0)
  readonly file = $derived(this.files[this.index])
  #uncover: (() => void) | undefined

  async show(files: readonly Viewed[], index: number): Promise<void> {
    this.View ??= (await import('./Viewer.svelte')).default
    if (this.file) return
    this.files = files
    this.index = index
    this.#uncover = router.cover(() => this.clear())
  }

  /** To the next file or the one before, if there is one. */
  turn(by: 1 | -1): void {
    const to = this.index + by
    if (to >= 0 && to < this.files.length) this.index = to
  }

  close(): void {
    this.#uncover?.()
  }

  clear(): void {
    this.files = []
    this.index = 0
    this.#uncover = undefined
  }
}

export const viewer = new Viewer()
