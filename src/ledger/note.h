/*
 * note.h: signed notes (c2sp.org/signed-note v1.0.0), and the keys that make them.
 *
 *   text, ending in LF; an empty line; lines «— name base64(keyid[4] || signature)»
 *   keyid = SHA-256(name || LF || public)[:4]        vkey = name+hex8(keyid)+base64(public)
 *
 * where public begins with a byte for the algorithm:
 *   01  Ed25519: 0x01 || key[32]; signs the text; 64 bytes
 *   04  cosignature/v1, also Ed25519: 0x04 || key[32]; signs text and time; 8 + 64 bytes (cosign.h)
 *   ff  SM2 with SM3 (GB/T 32918.2, ID 1234567812345678): 0xff || "gov/sm2-sm3/v1" || 0x04 || X[32] || Y[32]; signs the
 *       text; r || s, 64 bytes. Verifiers that do not know it pass over its line.
 */
#ifndef ONEVISIT_LEDGER_NOTE_H
#define ONEVISIT_LEDGER_NOTE_H

#include "base/arena.h"
#include "base/error.h"

enum note_algorithm { NOTE_ED25519 = 0x01, NOTE_COSIGNATURE = 0x04, NOTE_SM2 = 0xff };

struct signer;   /* a private key with its name; long-lived; used by several threads at once */
struct verifier; /* a public key with its name; long-lived; the same */

#define NOTE_NAME_MAX 120 /* bytes of a key's name; lines of others may have longer ones */
#define NOTE_KEYID_BYTES 4
#define NOTE_SECRET_BYTES 32    /* a seed of Ed25519, a scalar of SM2 */
#define NOTE_SIGNATURE_BYTES 64 /* bare, of every algorithm here */
#define NOTE_LINES_MAX 100      /* signatures in one note */

/* A name is not empty and has neither Unicode space nor '+'. */
bool note_name_valid(struct span name);

/* ---- keys ---- */

/*
 * Opens DIR/FILE.key («PRIVATE+KEY+name+hex8+base64(secret)», mode 0600), where secret is 0x01 or 0x04 || seed[32], or
 * 0xff || "gov/sm2-sm3/v1" || d[32]; makes a new key where there is none and create is set, durable before it returns.
 * Errors: bad-key, no-key, key-name (the file's key has another name), key-algorithm.
 */
int signer_open_as(const char *dir, const char *file, const char *name, enum note_algorithm algorithm, bool create,
                   struct signer **ret, struct error *error);
/* The same for Ed25519. */
int signer_open(const char *dir, const char *file, const char *name, bool create, struct signer **ret, struct error *error);
/* From the text of such a file; any algorithm. Errors: bad-key. */
int signer_parse(struct span text, struct signer **ret, struct error *error);
/* From the bare secret; bad-key where the name is no name or the secret no key of the algorithm. */
int signer_from_secret(struct span name, enum note_algorithm algorithm, const unsigned char secret[NOTE_SECRET_BYTES],
                       struct signer **ret, struct error *error);
void signer_free(struct signer *signer);
const char *signer_name(const struct signer *signer);
const char *signer_vkey(const struct signer *signer);
enum note_algorithm signer_algorithm(const struct signer *signer);
/* The public half; lives as long as the signer. */
const struct verifier *signer_public(const struct signer *signer);

/* base64(keyid || signature) of the text, as it stands after the name in a signature line. Not for cosigners: cosign.h. */
char *signer_sign(const struct signer *signer, struct arena *arena, struct span text);
/* The bare signature of the bytes as they are, of every algorithm. */
void signer_bare(const struct signer *signer, struct span bytes, unsigned char out[NOTE_SIGNATURE_BYTES]);

int verifier_open(struct span vkey, struct verifier **ret, struct error *error); /* bad-key; any algorithm above */
void verifier_free(struct verifier *verifier);
const char *verifier_name(const struct verifier *verifier);
const char *verifier_vkey(const struct verifier *verifier); /* as signer_vkey() would give it */
enum note_algorithm verifier_algorithm(const struct verifier *verifier);
const unsigned char *verifier_keyid(const struct verifier *verifier); /* NOTE_KEYID_BYTES */
/* Do both wrap one and the same public key, whatever their names? */
bool verifier_same_key(const struct verifier *a, const struct verifier *b);

/* base64(keyid || signature) as signer_sign() makes it; never true for a cosigner's key. */
bool verifier_check(const struct verifier *verifier, struct arena *arena, struct span text, struct span signature_base64);
/* The bare signature of the bytes as they are. */
bool verifier_bare(const struct verifier *verifier, struct span bytes, const unsigned char signature[NOTE_SIGNATURE_BYTES]);

/* ---- notes ---- */

struct note_line {
  struct span line; /* whole, with its LF */
  struct span name;
  unsigned char keyid[NOTE_KEYID_BYTES];
  struct span signature; /* the bytes after the key id; at least one */
};

struct note {
  struct span text; /* with its last LF */
  struct note_line *lines;
  size_t n; /* 1 … NOTE_LINES_MAX; of lines with one name and key id only the first is kept */
};

/*
 * Splits a note and refuses (bad-note) what is not one: not UTF-8, a control character but LF, no empty line, no signature
 * line, a line that does not end in LF, has no valid name, no canonical base64 or fewer than five bytes in it, or more
 * than NOTE_LINES_MAX lines. Checks no signature. The spans point into the note.
 */
int note_parse(struct arena *arena, struct span note, struct note *ret, struct error *error);

/*
 * 1: the verifier has signed the note, and *ret_time (may be NULL) is its cosignature's time in Unix seconds, 0 for other
 * signatures; 0: there is no line of its name and key id; -1: there is one and it fails (bad-signature): then nobody may
 * trust anything of the note.
 */
int note_signed_by(const struct note *note, const struct verifier *verifier, int64_t *ret_time, struct error *error);

/*
 * The text of a note that the verifier's key has signed. Lines of unknown keys are passed over; a line of the known
 * name and id whose signature fails refuses the whole note. Errors: bad-note, unsigned-note, bad-signature.
 */
int note_open(struct arena *arena, struct span note, const struct verifier *verifier, struct span *ret_text, struct error *error);

/* A new note of one signature; text must end in LF. note_line() gives the line alone, to be appended to a note. */
struct span note_sign(struct arena *arena, struct span text, const struct signer *signer);
struct span note_line(struct arena *arena, struct span text, const struct signer *signer);

#endif
