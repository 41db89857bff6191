// Looks at a screen: what axe finds, what does not fit, and a picture of it.
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const tags = ['RGAAv4', 'wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
const shots = process.env['PREAU_SHOTS']

interface Found {
  id: string
  help: string
  nodes: { target: unknown; failureSummary?: string }[]
}

declare global {
  interface Window {
    axe: { run: (options: object) => Promise<{ violations: Found[] }> }
  }
}

export function inspect(page: Page, what: string): Promise<void> {
  return run(page, what, { type: 'tag', values: tags })
}

/** In the other theme, the colours alone: all else is as it was. */
export function inspectColours(page: Page, what: string): Promise<void> {
  return run(page, what, { type: 'rule', values: ['color-contrast', 'link-in-text-block'] })
}

async function run(page: Page, what: string, runOnly: object): Promise<void> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe)
  const { violations } = await page.evaluate(
    (runOnly) => window.axe.run({ runOnly, resultTypes: ['violations'] }),
    runOnly,
  )
  const told = violations.map(
    (v) =>
      `${v.id}: ${v.help}\n${v.nodes.map((n) => `  ${String(n.target)} ${n.failureSummary ?? ''}`).join('\n')}`,
  )
  expect(told, what).toEqual([])
}

export async function fits(page: Page, what: string): Promise<void> {
  const over = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  )
  expect(over, `${what}: scrolls sideways by ${String(over)} px`).toBeLessThanOrEqual(0)
}

export async function shoot(page: Page, name: string): Promise<void> {
  if (!shots) return
  mkdirSync(shots, { recursive: true })
  await page.screenshot({ path: join(shots, `${name.replace(/[^\p{L}\d]+/gu, '-')}.png`) })
}
