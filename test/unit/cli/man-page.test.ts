import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { Command } from 'commander'
import { printManPage } from '../../../src/cli/man-page.ts'

function program(): Command {
  const own = new Command('tool')
    .description('Does things')
    .version('1.2')
    .addHelpText('after', '\nExit status: 0 done.')
  const group = own.command('group').description('things')
  group
    .command('act')
    .argument('<what>', 'a thing')
    .option('--fast', 'sooner')
    .description('act on a thing')
    .addHelpText('after', '\nExample:\n  tool group act .x')
  own.command('inside', { hidden: true }).description('of no concern')
  return own
}

describe('the manual page', () => {
  it('tells every command with its arguments, options and examples', () => {
    const page = printManPage(program())
    for (const part of [
      '.SS "group act [options] <what>"',
      'Act on a thing.',
      '.I what',
      '.B \\-\\-fast',
      'Exit status: 0 done.',
    ])
      assert.ok(page.includes(part), `${part} is missing in\n${page}`)
  })

  it('is silent about commands that are not for people', () => {
    assert.ok(!printManPage(program()).includes('inside'))
  })

  it('takes no word of the help for a request or an escape', () => {
    const odd = new Command('tool').description('x').version('1')
    odd.command('act').description('.SH one \\fBtwo\\fR "three" \'four')
    const page = printManPage(odd)
    assert.ok(page.includes('\\&.SH one \\efBtwo\\efR \\(dqthree\\(dq'), page)
  })

  it('tells the commands of our own program', () => {
    const own = execFileSync('node', ['--import', 'tsx', 'src/cli/main.ts', 'man-page'], { encoding: 'utf8' })
    assert.match(own, /^\.TH CLAWGRESS 1 /)
    assert.match(own, /^\.SS "policy import /m)
  })
})
