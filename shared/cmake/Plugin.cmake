# kai_add_plugin(<binary>): the plugin whose sources stand in the calling directory.
function(kai_add_plugin binary)
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  add_executable(${binary} ${sources})
  target_link_libraries(${binary} PRIVATE kai_core kai_warnings)
  install(TARGETS ${binary} RUNTIME DESTINATION bin)
endfunction()
