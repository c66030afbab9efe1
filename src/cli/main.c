#include <stdio.h>

int main(void)
{
  (void)puts("onevisit " ONEVISIT_VERSION);
  return 0;
}
