/**
 * The tables of workflows and templates.
 *
 * - The text is what people wrote, verbatim; the columns beside it say what it
 *   says, so that lists parse nothing. They are NULL where it cannot be read.
 * - A row stays when its workflow is deleted, without a text: it is what writers
 *   lock, and what the revisions belong to.
 * - `writes` counts what happened to the row, so that a sum over all rows tells
 *   whether anything did.
 * - `token` names the operation that wrote a row or a revision, so that one
 *   whose commit was not answered can find out whether it was done.
 * - Numbers of revisions are given under the lock of the row; there is no
 *   sequence that all share.
 *
 * @module
 */

/** The tables and their indexes. */
export const WORKFLOWS_SQL = `
CREATE TABLE workflows (
  id text COLLATE "C" PRIMARY KEY,
  folded text COLLATE "C" NOT NULL,
  text text,
  size integer NOT NULL,
  modified_at timestamptz NOT NULL,
  writes bigint NOT NULL,
  token text COLLATE "C",
  name text COLLATE "C",
  version text,
  description text,
  tags text[] NOT NULL DEFAULT '{}',
  revision text COLLATE "C",
  last_number integer NOT NULL DEFAULT 0,
  last_revision text COLLATE "C"
);
CREATE UNIQUE INDEX workflows_folded ON workflows (folded) WHERE text IS NOT NULL;
CREATE INDEX workflows_name ON workflows (left(name, 200)) WHERE text IS NOT NULL;

CREATE TABLE workflow_revisions (
  workflow_id text COLLATE "C" NOT NULL REFERENCES workflows ON DELETE CASCADE,
  number integer NOT NULL,
  revision text COLLATE "C" NOT NULL,
  parent text COLLATE "C",
  recorded_at timestamptz NOT NULL,
  source text COLLATE "C" NOT NULL,
  author text,
  message text,
  size integer NOT NULL,
  text text,
  token text COLLATE "C",
  PRIMARY KEY (workflow_id, number)
);
CREATE TABLE workflow_tags (
  workflow_id text COLLATE "C" NOT NULL REFERENCES workflows ON DELETE CASCADE,
  tag text COLLATE "C" NOT NULL,
  revision text COLLATE "C" NOT NULL,
  PRIMARY KEY (workflow_id, tag)
);

CREATE TABLE templates (
  id text COLLATE "C" PRIMARY KEY,
  folded text COLLATE "C" NOT NULL,
  text text,
  size integer NOT NULL,
  modified_at timestamptz NOT NULL,
  writes bigint NOT NULL,
  token text COLLATE "C"
);
CREATE UNIQUE INDEX templates_folded ON templates (folded) WHERE text IS NOT NULL;
`;
