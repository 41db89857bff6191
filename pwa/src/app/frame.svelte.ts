/**
 * What stands around the screens, loaded when it is known which: the shell with its tabs for who is known here,
 * the sign-in page for who is not.
 */
import type { Component, Snippet } from 'svelte'

class Frame {
  Shell = $state.raw<Component<{ children: Snippet }> | undefined>(undefined)

  async load(): Promise<void> {
    this.Shell = (await import('./Shell.svelte')).default
  }
}

export const frame = new Frame()

export const signInPage = () => import('../screens/signin/SignIn.svelte')
