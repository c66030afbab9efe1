/*
 * Who may read the entries of the log: everybody, or those whose addresses are listed.
 */
#include "record/readers.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/span.h"

enum { ADDRESS_BYTES = 16, MAPPED_BITS = 96 };

/* As IPv6; an IPv4 address is the mapped one (RFC 4291 §2.5.5.2). */
static bool read_address(struct span text, unsigned char ret[ADDRESS_BYTES], bool *ret_four)
{
  char name[INET6_ADDRSTRLEN];
  if (!text.n || text.n >= sizeof name)
    return false;
  memcpy(name, text.p, text.n);
  name[text.n] = '\0';
  memset(ret, 0, ADDRESS_BYTES);
  ret[10] = ret[11] = 0xff;
  *ret_four = inet_pton(AF_INET, name, ret + 12) == 1;
  return *ret_four || inet_pton(AF_INET6, name, ret) == 1;
}

static bool read_network(struct span text, unsigned char ret[ADDRESS_BYTES], int64_t *ret_bits)
{
  struct span address = text, rest = text;
  bool four, has_bits = memchr(text.p, '/', text.n) != NULL;
  if (has_bits)
    (void)span_cut(&rest, '/', &address);
  if (!read_address(address, ret, &four))
    return false;
  int64_t most = four ? 32 : 128;
  *ret_bits = most;
  if (has_bits && (!span_natural(rest, ret_bits) || *ret_bits > most))
    return false;
  *ret_bits += four ? MAPPED_BITS : 0;
  return true;
}

static bool within(const unsigned char address[ADDRESS_BYTES], const unsigned char network[ADDRESS_BYTES], int64_t bits)
{
  size_t whole = (size_t)bits / 8;
  unsigned mask = 0xff00U >> (bits % 8) & 0xffU;
  return memcmp(address, network, whole) == 0 && (!mask || ((address[whole] ^ network[whole]) & mask) == 0);
}

int readers_check(const char *list, struct error *error)
{
  struct span rest = span_of(list);
  for (struct span one; span_cut(&rest, ',', &one);) {
    unsigned char network[ADDRESS_BYTES];
    int64_t bits;
    if (!read_network(span_trim(one), network, &bits))
      return error_set(error, ERROR_BAD_INPUT, "bad-readers", "“%.*s”不是 IP 地址或网段", "«%.*s» is no address and no network",
                       (int)one.n, one.p);
  }
  return 0;
}

bool readers_have(const char *list, const char *address)
{
  struct span rest = span_of(list);
  unsigned char from[ADDRESS_BYTES], network[ADDRESS_BYTES];
  bool found = false, four;
  int64_t bits;
  if (!read_address(span_of(address), from, &four))
    return false;
  for (struct span one; !found && span_cut(&rest, ',', &one);)
    found = read_network(span_trim(one), network, &bits) && within(from, network, bits);
  return found;
}
