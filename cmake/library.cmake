# libstepcast, shared and static, without GSL; what programs see of it is stepcast_* alone.
set(library_parts sc_reports sc_calibrate sc_parallelism sc_model sc_hardware sc_base)
add_library(stepcast_object OBJECT cli/library.c)
target_include_directories(stepcast_object PRIVATE ${CMAKE_SOURCE_DIR})
target_compile_options(stepcast_object PRIVATE ${STEPCAST_WARNINGS})

set(exports ${CMAKE_SOURCE_DIR}/cli/stepcast.map)
add_library(stepcast_shared SHARED $<TARGET_OBJECTS:stepcast_object>)
set_target_properties(stepcast_shared PROPERTIES OUTPUT_NAME stepcast EXPORT_NAME stepcast
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR} PUBLIC_HEADER cli/stepcast.h
    LINK_DEPENDS ${exports})
target_link_libraries(stepcast_shared PRIVATE sc_reports)
target_link_options(stepcast_shared PRIVATE LINKER:--version-script=${exports})
target_include_directories(stepcast_shared INTERFACE $<INSTALL_INTERFACE:include>)

# One object of all parts, whose other symbols are local: no name of ours meets a name of the program.
foreach(part ${library_parts})
    list(APPEND part_files $<TARGET_FILE:${part}>)
endforeach()
set(static_library ${CMAKE_BINARY_DIR}/libstepcast.a)
add_custom_command(OUTPUT ${static_library}
    COMMAND ${CMAKE_LINKER} -r -o stepcast_static.o $<TARGET_OBJECTS:stepcast_object>
            --start-group ${part_files} --end-group
    COMMAND ${CMAKE_OBJCOPY} --wildcard --keep-global-symbol=stepcast_* stepcast_static.o
    COMMAND ${CMAKE_COMMAND} -E rm -f ${static_library}
    COMMAND ${CMAKE_AR} rcs ${static_library} stepcast_static.o
    DEPENDS stepcast_object $<TARGET_OBJECTS:stepcast_object> ${library_parts} ${part_files}
    COMMAND_EXPAND_LISTS VERBATIM)
add_custom_target(stepcast_static ALL DEPENDS ${static_library})

include(CMakePackageConfigHelpers)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/stepcast)
file(RELATIVE_PATH STEPCAST_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/stepcast.pc.in stepcast.pc @ONLY)
configure_package_config_file(cmake/stepcast-config.cmake.in stepcast-config.cmake
    INSTALL_DESTINATION ${package} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(stepcast-config-version.cmake COMPATIBILITY SameMinorVersion)
install(TARGETS stepcast_shared EXPORT stepcast-targets LIBRARY PUBLIC_HEADER)
install(EXPORT stepcast-targets NAMESPACE stepcast:: DESTINATION ${package})
install(FILES ${static_library} DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${CMAKE_BINARY_DIR}/stepcast.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES ${CMAKE_BINARY_DIR}/stepcast-config.cmake
    ${CMAKE_BINARY_DIR}/stepcast-config-version.cmake DESTINATION ${package})
