# `cmake --build BUILD --target uninstall` removes what was installed last.
add_custom_target(uninstall VERBATIM
    COMMAND ${CMAKE_COMMAND} -DMANIFEST=${CMAKE_BINARY_DIR}/install_manifest.txt
            -P ${CMAKE_SOURCE_DIR}/cmake/uninstall.cmake)

# cpack -G DEB: stepcast (program, library, header, manual page, completions) and stepcast-bench, each
# with what it depends on.
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/stepcast RENAME copyright)
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME stepcast)
set(CPACK_PACKAGE_CONTACT "the stepcast maintainers <stepcast@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY
    "Forecasts of training steps of large language models on GPU clusters")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_UNSPECIFIED_PACKAGE_NAME stepcast)
set(CPACK_DEBIAN_UNSPECIFIED_PACKAGE_SUGGESTS "gnuplot-nox, stepcast-bench")
set(CPACK_COMPONENT_BENCH_DESCRIPTION "Microbenchmarks of GPUs and networks for stepcast")
set(CPACK_COMPONENT_MPI_DESCRIPTION "stepcast's sweeps on many machines, by MPI")
find_program(DPKG_SHLIBDEPS dpkg-shlibdeps)
if(DPKG_SHLIBDEPS)
    set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
else()
    set(CPACK_DEBIAN_PACKAGE_DEPENDS "libc6, libcjson1, libgsl27")
endif()
include(CPack)
