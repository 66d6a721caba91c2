/**
 * The commands on workflow templates.
 *
 * @module
 */

import type { Argument, Group } from "../command.ts";

const ID: Argument = {
  name: "ID",
  summary: "id of the template: the name of its file without .yaml",
  candidates: "template list -q",
};

/** Templates as YAML files. */
export const templateGroup: Group = {
  name: "template",
  summary: "workflow templates with parameters",
  commands: [
    {
      name: "list",
      summary: "list templates",
      output: "records",
      ids: true,
      storage: "any",
      examples: [["template list", "with their parameters"]],
      run: async (context) => (await import("./list.ts")).listTemplates(context),
    },
    {
      name: "show",
      summary: "show a template and its parameters",
      details: "Prints the text of the file; with --json, parameters and workflow.",
      arguments: [ID],
      output: "record",
      storage: "any",
      examples: [["template show etl-pipeline", "the YAML"]],
      run: async (context) => (await import("./list.ts")).showTemplate(context),
    },
    {
      name: "save",
      summary: "store a template from a YAML file",
      arguments: [{ name: "FILE", summary: 'YAML file, "-" for standard input' }],
      options: [
        { name: "id", value: "ID", summary: "id to store it under (default: name of the file)" },
        { name: "strict", summary: "refuse a template that is not valid" },
        { name: "create", summary: "refuse to replace a template that exists" },
      ],
      output: "record",
      storage: "any",
      examples: [["template save etl.yaml --strict", "store or replace it"]],
      run: async (context) => (await import("./save.ts")).saveTemplate(context),
    },
    {
      name: "validate",
      summary: "check templates, and list every problem",
      details: "Exits with 1 when one of them is not valid.",
      arguments: [{
        ...ID,
        summary: "ids of templates (default: all)",
        optional: true,
        multiple: true,
      }],
      output: "records",
      storage: "any",
      examples: [["template validate", "check all"]],
      run: async (context) => (await import("./list.ts")).validateTemplates(context),
    },
    {
      name: "instantiate",
      summary: "make a workflow of a template",
      details: "Prints the YAML of the workflow, or stores it with --save.",
      arguments: [ID],
      options: [
        { name: "set", value: "NAME=VALUE", multiple: true, summary: "value of a parameter" },
        { name: "values", value: "FILE", summary: "YAML or JSON file with values of parameters" },
        { name: "id", value: "ID", summary: "id of the workflow (default: a new one)" },
        { name: "name", value: "NAME", summary: "name of the workflow" },
        { name: "save", summary: "store the workflow; refuses to replace one that exists" },
      ],
      storage: "any",
      examples: [
        ["template instantiate etl --set source=/data/in --set batch=100", "look at it first"],
        ["template instantiate etl --values prod.yaml --id etl-prod --save", "store it"],
      ],
      run: async (context) => (await import("./instantiate.ts")).instantiate(context),
    },
    {
      name: "delete",
      summary: "delete templates",
      arguments: [{ ...ID, multiple: true }],
      destructive: true,
      storage: "any",
      examples: [["template delete old-one", "ask, then delete"]],
      run: async (context) => (await import("./save.ts")).deleteTemplates(context),
    },
  ],
};
