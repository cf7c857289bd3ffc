"""The doors: applications whose every route is guarded, measured and answers problems alike."""
