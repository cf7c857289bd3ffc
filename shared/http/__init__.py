"""HTTP: applications whose every route is guarded and measured, and whose failures look alike."""
