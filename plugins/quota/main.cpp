#include "command.hpp"

int main(int argc, char** argv) {
  return kai::cli::run(argc, argv, kai::quota::plugin());
}
