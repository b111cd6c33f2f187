import Handlebars from 'handlebars'
import { readAsset } from './assets.ts'

const compiled = new Map<string, Handlebars.TemplateDelegate>()

/**
 * Fills `templates/<name>`. Strict: an unknown variable is an error. Nothing is escaped: what goes in has been
 * validated to hold no character with a meaning to the target's parser.
 */
export function renderTemplate(name: string, values: object): string {
  let template = compiled.get(name)
  if (template === undefined) {
    template = Handlebars.compile(readAsset(`templates/${name}`), { noEscape: true, strict: true })
    compiled.set(name, template)
  }
  return template(values)
}
