/*
 * A small Credential Manager in memory, with the entry points, the structure
 * layout and the error numbers of advapi32 on 64-bit Windows. Mono reads errno
 * as the last error. A target whose name begins with "session:" is refused as
 * Windows refuses it in a session without a logon.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef uint16_t wide;

struct credential {
  uint32_t flags, type;
  wide *target, *comment;
  uint32_t written[2];
  uint32_t size;
  uint8_t *blob;
  uint32_t persist, attributes;
  void *list;
  wide *alias, *user;
};

_Static_assert(offsetof(struct credential, target) == 8, "TargetName");
_Static_assert(offsetof(struct credential, size) == 32, "CredentialBlobSize");
_Static_assert(offsetof(struct credential, blob) == 40, "CredentialBlob");
_Static_assert(offsetof(struct credential, persist) == 48, "Persist");
_Static_assert(offsetof(struct credential, user) == 72, "UserName");
_Static_assert(sizeof(struct credential) == 80, "CREDENTIALW");

static struct credential *items[64];
static int count;
/* Buffers that were handed out and not given back. */
static int lent;

static int length(const wide *text) {
  int n = 0;
  while (text[n]) n++;
  return n;
}

static wide *copy(const wide *text) {
  size_t bytes = (size_t)(length(text) + 1) * sizeof(wide);
  return memcpy(malloc(bytes), text, bytes);
}

static wide lower(wide c) { return c >= 'A' && c <= 'Z' ? (wide)(c + 32) : c; }

static int same(const wide *a, const wide *b, int n) {
  for (int i = 0; i < n; i++) {
    if (lower(a[i]) != lower(b[i])) return 0;
    if (!a[i]) return 1;
  }
  return 1;
}

static int find(const wide *target) {
  for (int i = 0; i < count; i++)
    if (same(items[i]->target, target, 1 << 20)) return i;
  return -1;
}

static int fail(int code) {
  errno = code;
  return 0;
}

static int refused(const wide *target) {
  static const wide prefix[] = {'s', 'e', 's', 's', 'i', 'o', 'n', ':'};
  return same(target, prefix, 8);
}

int CredWriteW(const struct credential *c, uint32_t flags) {
  if (flags || c->type != 1 || c->persist != 2 || c->attributes || c->comment) return fail(87);
  if (refused(c->target)) return fail(1312);
  if (c->size > 2560) return fail(1783);
  if (!c->user || length(c->user) > 512) return fail(2202);
  int i = find(c->target);
  if (i < 0) {
    i = count++;
    items[i] = calloc(1, sizeof *items[i]);
    items[i]->target = copy(c->target);
  }
  items[i]->type = 1;
  items[i]->size = c->size;
  items[i]->blob = memcpy(malloc(c->size + 1), c->blob, c->size);
  items[i]->user = copy(c->user);
  items[i]->persist = 2;
  return 1;
}

int CredReadW(const wide *target, uint32_t type, uint32_t flags, struct credential **out) {
  if (flags || type != 1) return fail(87);
  if (refused(target)) return fail(1312);
  int i = find(target);
  if (i < 0) return fail(1168);
  *out = memcpy(malloc(sizeof **out), items[i], sizeof **out);
  lent++;
  return 1;
}

int CredDeleteW(const wide *target, uint32_t type, uint32_t flags) {
  if (flags || type != 1) return fail(87);
  int i = find(target);
  if (i < 0) return fail(1168);
  items[i] = items[--count];
  return 1;
}

int CredEnumerateW(const wide *filter, uint32_t flags, uint32_t *n, struct credential ***out) {
  if (flags || !filter || filter[length(filter) - 1] != '*') return fail(1004);
  *n = 0;
  *out = malloc(sizeof **out * 64);
  for (int i = 0; i < count; i++)
    if (same(items[i]->target, filter, length(filter) - 1)) (*out)[(*n)++] = items[i];
  if (*n == 0) {
    free(*out);
    return fail(1168);
  }
  lent++;
  return 1;
}

void CredFree(void *buffer) {
  free(buffer);
  lent--;
}

int FakeLent(void) { return lent; }
