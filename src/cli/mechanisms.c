#include "cli/mechanisms.h"

const struct kind *const all_kinds[] = {
    NULL,
};

const struct migration *const all_migrations[] = {
    engine_migrations,
    NULL,
};
