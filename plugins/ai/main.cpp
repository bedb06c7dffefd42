#include "dispatch.hpp"

int main(int argc, char** argv) {
  return kai::ai::dispatch(argc, argv);
}
