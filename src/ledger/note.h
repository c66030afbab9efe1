/*
 * note.h: signed notes (c2sp.org/signed-note v1.0.0) with Ed25519, and the keys that make them.
 *
 *   text, ending in LF; an empty line; lines «— name base64(keyid[4] || signature)»
 *   keyid = SHA-256(name || LF || 0x01 || public key)[:4]
 *   vkey  = name+hex8(keyid)+base64(0x01 || public key)
 */
#ifndef ONEVISIT_LEDGER_NOTE_H
#define ONEVISIT_LEDGER_NOTE_H

#include "base/arena.h"
#include "base/error.h"

struct signer;   /* a private key with its name; long-lived */
struct verifier; /* a public key with its name; long-lived */

#define NOTE_NAME_MAX 120
#define NOTE_SIGNATURE_BYTES 64

/* A name is not empty and has neither Unicode space nor '+'. */
bool note_name_valid(struct span name);

/*
 * Opens DIR/FILE.key («PRIVATE+KEY+name+hex8+base64(0x01 || seed)», mode 0600); makes a new key where there is none
 * and create is set, durable before it returns. Errors: bad-key, no-key, key-name (the file's key has another name).
 */
int signer_open(const char *dir, const char *file, const char *name, bool create, struct signer **ret, struct error *error);
void signer_free(struct signer *signer);
const char *signer_name(const struct signer *signer);
const char *signer_vkey(const struct signer *signer);

/* base64(keyid || signature) of the text, as it stands after the name in a signature line. */
char *signer_sign(const struct signer *signer, struct arena *arena, struct span text);

int verifier_open(struct span vkey, struct verifier **ret, struct error *error); /* bad-key */
void verifier_free(struct verifier *verifier);
const char *verifier_name(const struct verifier *verifier);
bool verifier_check(const struct verifier *verifier, struct arena *arena, struct span text, struct span signature_base64);

/* text must end in LF. */
struct span note_sign(struct arena *arena, struct span text, const struct signer *signer);

/*
 * The text of a note that the verifier's key has signed. Lines of unknown keys are passed over; a line of the known
 * name and id whose signature fails refuses the whole note. Errors: bad-note, unsigned-note, bad-signature.
 */
int note_open(struct arena *arena, struct span note, const struct verifier *verifier, struct span *ret_text, struct error *error);

#endif
